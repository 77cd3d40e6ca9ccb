"""Write what a student gets: python -m classroom.student"""

from classroom.hand_out.student import main

if __name__ == "__main__":
    main()
