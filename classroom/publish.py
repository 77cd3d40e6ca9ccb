"""Write the branch that students get: python -m classroom.publish"""

from classroom.hand_out.publish import main

if __name__ == "__main__":
    main()
